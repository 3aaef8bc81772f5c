"""The tests: they mirror the packages; support/ holds the databases, servers and the browser they run on."""
