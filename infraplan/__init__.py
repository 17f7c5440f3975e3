"""Plan a state's infrastructure of learning."""
