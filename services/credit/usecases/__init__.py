"""What credit can be asked to do: one verb per module, each taking a batch and returning a result for each command."""
