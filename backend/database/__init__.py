"""The databases: embedded server, migrations, backup, restore, deployment lock, medallion queries.

Everything here is synchronous psycopg. Two databases live on one server: `musicdb` holds the medallion
layers; `songnodes_operations` holds what must survive a rollback or restore of them (deployment lock,
queues, dead letters). Nothing writes to both in one transaction.
"""
