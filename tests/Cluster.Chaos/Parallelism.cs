// Each test disturbs a cluster of its own or one that others use; side by side they would measure the machine.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
