"""What people say in service talk, in Chinese and English: what they want, what they name, how they feel."""
