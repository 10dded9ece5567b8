-- Runs once, on an empty volume. Schemas come with the migrations, from the console or scripts/migrate_database.sh.
CREATE DATABASE songnodes_operations;
