"""The playbook's end-to-end test as a page."""
