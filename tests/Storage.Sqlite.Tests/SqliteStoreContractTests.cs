using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Reads;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteStoreContractTests : BucketStoreContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override IBucketStore Store => new SqliteBucketStore(database.Database);

    protected override IBucketIndex Index => new SqliteBucketIndex(database.Database);

    protected override IStoreMaintenance Maintenance => new SqliteMaintenance(database.Database);

    public void Dispose() => database.Dispose();
}
