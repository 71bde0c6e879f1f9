using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Xunit.Abstractions;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteExpiringModelTests(ITestOutputHelper output) : ExpiringModelContract(output), IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override IBucketStore Store => new SqliteBucketStore(database.Database);

    public void Dispose() => database.CheckAndDispose();
}
