"""What people see: the plain live page, plain files that assistant.page serves."""
