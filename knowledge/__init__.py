"""What we know: vocabulary, fault catalogue, policies, wording, models, the library of past cases."""
