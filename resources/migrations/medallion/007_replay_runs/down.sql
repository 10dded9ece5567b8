DROP TABLE replay_differences;
DROP TABLE replay_progress;
