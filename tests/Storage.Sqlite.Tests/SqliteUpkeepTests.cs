using Lockstep.Core.Attachments;
using Lockstep.Core.Storage;
using Lockstep.Storage.Contract;
using Lockstep.Storage.Sqlite.Attachments;
using Lockstep.Storage.Upkeep;

namespace Lockstep.Storage.Sqlite.Tests;

public sealed class SqliteUpkeepTests : UpkeepContract
{
    private readonly TemporaryDatabase database = new();
    private bool isOpen = true;

    public override Task InitializeAsync() => Task.CompletedTask;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        database.Dispose();
    }

    protected override Task<(IBucketStore Store, IAttachmentStore Files)> StartAsync()
    {
        if (!isOpen)
        {
            database.Reopen();
            isOpen = true;
        }

        return Task.FromResult<(IBucketStore, IAttachmentStore)>((new SqliteBucketStore(database.Database), new SqliteAttachmentStore(database.Database)));
    }

    protected override Task StopAsync()
    {
        database.Database.Dispose();
        isOpen = false;
        return Task.CompletedTask;
    }

    protected override Task<UpkeepDatabase> OpenAsync() =>
        Task.FromResult(new UpkeepDatabase("lockstep.db", UpkeepDialect.Sqlite, SqliteDatabase.OpenConnection(database.Options), isHome: true));
}
