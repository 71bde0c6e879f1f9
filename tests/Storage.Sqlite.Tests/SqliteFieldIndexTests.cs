using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteFieldIndexTests : FieldIndexContract, IDisposable
{
    private readonly TemporaryDatabase database = new();

    protected override IBucketStore Store => new SqliteBucketStore(database.Database);

    protected override async Task PurgeAsync()
    {
        var maintenance = new SqliteMaintenance(database.Database);
        while (await maintenance.PurgeAsync(7, default))
        {
        }
    }

    protected override Task<long> CountKeysAsync() => Task.FromResult(database.Database.Read(static statements => (long)statements.Scalar("SELECT count(*) FROM field_keys")!));

    public void Dispose() => database.CheckAndDispose();
}
