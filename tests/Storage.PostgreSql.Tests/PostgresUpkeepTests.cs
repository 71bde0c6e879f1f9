using Lockstep.Core.Attachments;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.PostgreSql.Attachments;
using Lockstep.Storage.PostgreSql.Testing;
using Lockstep.Storage.Upkeep;

namespace Lockstep.Storage.PostgreSql.Tests;

public sealed class PostgresUpkeepTests : UpkeepContract
{
    private string connection = "";
    private PostgresDatabase? opened;

    public override async Task InitializeAsync() => connection = await PostgresServer.CreateDatabaseAsync();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await PostgresServer.DropDatabaseAsync(connection);
    }

    protected override async Task<(IBucketStore Store, IAttachmentStore Files)> StartAsync()
    {
        opened ??= await PostgresDatabase.OpenAsync(new PostgresOptions { Connection = connection }, TimeProvider.System, static _ => { });
        return (new PostgresBucketStore(opened), new PostgresAttachmentStore(opened));
    }

    protected override async Task StopAsync()
    {
        if (opened is not null)
        {
            await opened.DisposeAsync();
            opened = null;
        }
    }

    protected override async Task<UpkeepDatabase> OpenAsync()
    {
        var (setting, open, source) = (await PostgresUpkeep.OpenAsync(new PostgresOptions { Connection = connection }, default))[0];
        return new UpkeepDatabase(setting, UpkeepDialect.Postgres, open, isHome: true, source);
    }
}
