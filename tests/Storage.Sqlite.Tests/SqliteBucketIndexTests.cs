using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Reads;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteBucketIndexTests : BucketIndexContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override IBucketStore Store => new SqliteBucketStore(database.Database);

    protected override IBucketIndex Index => new SqliteBucketIndex(database.Database);

    public void Dispose() => database.Dispose();
}
