using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Xunit.Abstractions;

namespace Lockstep.Core.Tests;

public sealed class InMemoryModelTests(ITestOutputHelper output) : BucketModelContract(output)
{
    protected override IBucketStore Store { get; } = new InMemoryBucketStore();
}
