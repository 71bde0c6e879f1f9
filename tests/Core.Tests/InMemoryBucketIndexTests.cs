using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

public sealed class InMemoryBucketIndexTests : BucketIndexContract
{
    protected override IBucketStore Store { get; } = new InMemoryBucketStore();

    protected override IBucketIndex Index => (IBucketIndex)Store;
}
