DROP TABLE broker.messages;
DROP TABLE broker.queues;
DROP SCHEMA broker;
