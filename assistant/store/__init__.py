"""The database: tables, engine, migrations. SQLite by default, PostgreSQL by setting."""
