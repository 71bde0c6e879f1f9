using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Xunit.Abstractions;

namespace Lockstep.Core.Tests;

public sealed class InMemoryExpiringModelTests(ITestOutputHelper output) : ExpiringModelContract(output)
{
    protected override IBucketStore Store { get; } = new InMemoryBucketStore();
}
