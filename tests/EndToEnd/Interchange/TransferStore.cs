using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.OpenId;
using Lockstep.Interchange;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.PostgreSql.Attachments;
using Lockstep.Storage.PostgreSql.KeyedAccounts;
using Lockstep.Storage.PostgreSql.Quotas;
using Lockstep.Storage.PostgreSql.Shards;
using Lockstep.Storage.PostgreSql.Testing;
using Lockstep.Storage.Sqlite;
using Lockstep.Storage.Sqlite.Accounts;
using Lockstep.Storage.Sqlite.Assignments;
using Lockstep.Storage.Sqlite.Attachments;
using Lockstep.Storage.Sqlite.KeyedAccounts;
using Lockstep.Storage.Sqlite.Quotas;
using Lockstep.Storage.Sqlite.Transfer;

namespace Lockstep.EndToEnd.Interchange;

/// <summary>An empty store of a test's own, on the engine that the tests run on. Gone when disposed.</summary>
internal sealed class TransferStore : IAsyncDisposable
{
    private readonly Func<ValueTask> close;

    private TransferStore(InterchangeStores stores, IKeyedAccountStore keyed, Func<ValueTask> close) => (Stores, Keyed, this.close) = (stores, keyed, close);

    public InterchangeStores Stores { get; }

    public IKeyedAccountStore Keyed { get; }

    public static async Task<TransferStore> CreateAsync()
    {
        if (!PostgresServer.IsChosen)
        {
            var directory = new TemporaryDirectory();
            var database = SqliteDatabase.Open(new SqliteOptions { Path = Path.Combine(directory.Path, "lockstep.db") });
            var files = new SqliteAttachmentStore(database);
            return new TransferStore(
                new InterchangeStores
                {
                    Buckets = new SqliteBucketStore(database),
                    Snapshots = new SqliteBucketSnapshots(database),
                    Accounts = new SqliteAccountStore(database),
                    Transfer = new SqliteAccountTransfer(database),
                    Assignments = new SqliteAssignmentStore(database),
                    Quotas = new SqliteQuotaStore(database),
                    Files = files,
                    Contents = [files],
                    DefaultBucketOf = DefaultBucketOf(database.Secret),
                },
                new SqliteKeyedAccountStore(database, new AccountTokenLimits(10, 10, 10, 10)),
                () =>
                {
                    database.Dispose();
                    directory.Dispose();
                    return ValueTask.CompletedTask;
                });
        }

        var (connection, shards) = (await PostgresServer.CreateDatabaseAsync(), await PostgresServer.CreateShardsAsync());
        var postgres = await PostgresShards.OpenAsync(new PostgresOptions { Connection = connection, Shards = shards }, TimeProvider.System, static _ => { });
        var content = new PostgresAttachmentStore(postgres.Home);
        return new TransferStore(
            new InterchangeStores
            {
                Buckets = postgres.Buckets,
                Snapshots = postgres.Snapshots,
                Accounts = postgres.Accounts,
                Transfer = postgres.Transfer,
                Assignments = postgres.Assignments,
                Quotas = new PostgresQuotaStore(postgres.Home),
                Files = content,
                Contents = [content],
                DefaultBucketOf = DefaultBucketOf(postgres.Home.Secret),
            },
            new PostgresKeyedAccountStore(postgres.Home, new AccountTokenLimits(10, 10, 10, 10)),
            async () =>
            {
                await postgres.DisposeAsync();
                await PostgresServer.DropDatabasesAsync([connection, .. shards.Values]);
            });
    }

    /// <summary>The lines of an export of everything, or of one account.</summary>
    public async Task<byte[]> ExportAsync(string? account = null)
    {
        using var output = new MemoryStream();
        await new StoreExport(Stores, new ExportOptions { Account = account, Program = "test", Source = "test" }, TimeProvider.System).RunAsync(output, from: null, static _ => { }, default);
        return output.ToArray();
    }

    public async Task<ExportCounts> ImportAsync(byte[] file, bool resumes = false, Func<IBucketStore, IBucketStore>? wrap = null)
    {
        using var input = new MemoryStream(file);
        var stores = wrap is null ? Stores : Stores with { Buckets = wrap(Stores.Buckets) };
        return await new StoreImport(stores, TimeProvider.System).RunAsync(input, file.Length, resumes, static _ => { }, default);
    }

    public ValueTask DisposeAsync() => close();

    private static Func<string, long, string> DefaultBucketOf(ReadOnlyMemory<byte> secret)
    {
        var kept = new AccountSecret(secret);
        return (principal, number) => number == 0 ? OpenIdData.DefaultBucketOf(principal, kept) : AccountDirectory.DefaultBucketOf(number, kept);
    }
}
