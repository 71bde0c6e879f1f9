using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

public sealed class InMemoryStoreContractTests : BucketStoreContract
{
    protected override IBucketStore Store { get; } = new InMemoryBucketStore();

    protected override IBucketIndex Index => (IBucketIndex)Store;

    protected override IStoreMaintenance Maintenance => (IStoreMaintenance)Store;
}
