// What is measured would measure the others.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
