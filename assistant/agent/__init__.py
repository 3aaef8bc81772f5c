"""The conversation about a case: model, offline model, toolbox, prompts, and the feed of the library of past cases."""
