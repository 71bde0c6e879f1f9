using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Core.Tests;

public sealed class InMemoryFileTests : FileContract
{
    protected override IBucketStore Store { get; } = new InMemoryBucketStore();
}
