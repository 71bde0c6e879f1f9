using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteHistoryTests : HistoryContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override IBucketStore Store => new SqliteBucketStore(database.Database);

    public void Dispose() => database.CheckAndDispose();
}
