using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresFieldIndexTests(TestDatabase database) : FieldIndexContract, IClassFixture<TestDatabase>
{
    protected override IBucketStore Store => new PostgresBucketStore(database.Database);

    protected override async Task PurgeAsync()
    {
        var maintenance = new PostgresMaintenance(() => database.Database);
        while (await maintenance.PurgeAsync(7, default))
        {
        }
    }

    protected override async Task<long> CountKeysAsync() => (long)(await database.QueryAsync("SELECT count(*) FROM field_keys"))!;
}
