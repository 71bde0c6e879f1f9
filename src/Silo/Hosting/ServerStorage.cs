using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Attachments;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Logins;
using Lockstep.Core.Push;
using Lockstep.Core.Quotas;
using Lockstep.Core.Sessions;
using Lockstep.Core.Storage;
using Lockstep.Core.Transfer;
using Lockstep.Storage.PostgreSql.Accounts;
using Lockstep.Storage.PostgreSql.Attachments;
using Lockstep.Storage.PostgreSql.KeyedAccounts;
using Lockstep.Storage.PostgreSql.Logins;
using Lockstep.Storage.PostgreSql.Push;
using Lockstep.Storage.PostgreSql.Quotas;
using Lockstep.Storage.PostgreSql.Sessions;
using Lockstep.Storage.PostgreSql.Shards;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.S3;
using Lockstep.Storage.Sqlite.Accounts;
using Lockstep.Storage.Sqlite.Assignments;
using Lockstep.Storage.Sqlite.Attachments;
using Lockstep.Storage.Sqlite.KeyedAccounts;
using Lockstep.Storage.Sqlite.Logins;
using Lockstep.Storage.Sqlite.Push;
using Lockstep.Storage.Sqlite.Quotas;
using Lockstep.Storage.Sqlite.Reads;
using Lockstep.Storage.Sqlite.Sessions;
using Lockstep.Storage.Sqlite.Transfer;
using Lockstep.Storage.Sqlite;

namespace Lockstep.Silo.Hosting;

/// <summary>Where this program keeps everything: PostgreSQL where a connection is set, else SQLite in the data directory.</summary>
internal sealed class ServerStorage : IAsyncDisposable
{
    private readonly Func<ValueTask> close;

    private ServerStorage(
        IBucketStore buckets,
        IBucketIndex index,
        IStoreMaintenance maintenance,
        IAccountStore accounts,
        IAdministratorStore administrators,
        ISessionStore sessions,
        IAssignmentStore assignments,
        IKeyedAccountStore keyedAccounts,
        ILoginStore logins,
        IQuotaStore quotas,
        IPushStore push,
        IAttachmentStore attachments,
        IAttachmentContent content,
        IBucketSnapshots snapshots,
        IAccountTransfer transfer,
        ReadOnlyMemory<byte> secret,
        string description,
        Func<ValueTask> close)
    {
        Buckets = buckets;
        Index = index;
        Maintenance = maintenance;
        Accounts = accounts;
        Administrators = administrators;
        Sessions = sessions;
        Assignments = assignments;
        KeyedAccounts = keyedAccounts;
        Logins = logins;
        Quotas = quotas;
        Push = push;
        Attachments = attachments;
        Content = content;
        Snapshots = snapshots;
        Transfer = transfer;
        Secret = secret;
        Description = description;
        this.close = close;
    }

    public IBucketStore Buckets { get; }

    public IBucketIndex Index { get; }

    public IStoreMaintenance Maintenance { get; }

    public IAccountStore Accounts { get; }

    public IAdministratorStore Administrators { get; }

    public ISessionStore Sessions { get; }

    public IAssignmentStore Assignments { get; }

    public IKeyedAccountStore KeyedAccounts { get; }

    public ILoginStore Logins { get; }

    public IQuotaStore Quotas { get; }

    public IPushStore Push { get; }

    public IAttachmentStore Attachments { get; }

    /// <summary>What is in <see cref="Attachments"/>.</summary>
    public IAttachmentContent Content { get; }

    /// <summary>Whole buckets, to be written to a file.</summary>
    public IBucketSnapshots Snapshots { get; }

    /// <summary>Accounts with all that belongs to them, for the same.</summary>
    public IAccountTransfer Transfer { get; }

    /// <summary>Look at each database, for people.</summary>
    public IReadOnlyList<IDatabaseProbe> Probes { get; private init; } = [];

    /// <summary>Made with the storage; ids derived with it cannot be guessed.</summary>
    public ReadOnlyMemory<byte> Secret { get; }

    /// <summary>Engine and place, for people; without secrets.</summary>
    public string Description { get; }

    /// <param name="options">Checked settings.</param>
    /// <param name="exclusive">Whether a SQLite file must not be in use by another server meanwhile.</param>
    /// <param name="onFault">Hears why something was not done, from another thread.</param>
    /// <exception cref="SettingsException">The data directory cannot be used.</exception>
    /// <exception cref="SqliteSchemaException">The file cannot be used.</exception>
    /// <exception cref="PostgresSetupException">A database cannot be used.</exception>
    public static async Task<ServerStorage> OpenAsync(LockstepOptions options, bool exclusive, Action<Exception> onFault)
    {
        var limits = options.FirefoxAccounts.ToLimits();
        if (options.Kinto.Attachments is { Directory.Length: > 0, S3.IsOn: true })
        {
            throw new SettingsException("Kinto:Attachments:Directory and Kinto:Attachments:S3:Bucket are both set. Leave out one: files lie in one place.");
        }

        if (options.Postgres.Connection is { Length: > 0 })
        {
            if (options.Kinto.Attachments.Directory is { Length: > 0 })
            {
                throw new SettingsException("Kinto:Attachments:Directory is of one machine, and servers on PostgreSQL can be several. Leave it out: files lie in the database then.");
            }

            var s3 = S3Of(options, onFault);
            var postgres = await PostgresShards.OpenAsync(options.Postgres, TimeProvider.System, onFault);
            var files = new PostgresAttachmentStore(postgres.Home);
            return new ServerStorage(
                postgres.Buckets, postgres.Index, postgres.Maintenance, postgres.Accounts, new PostgresAdministratorStore(postgres.Home), new PostgresSessionStore(postgres.Home), postgres.Assignments,
                new PostgresKeyedAccountStore(postgres.Home, limits), new PostgresLoginStore(postgres.Home),
                new PostgresQuotaStore(postgres.Home), new PostgresPushStore(postgres.Home), files, s3 ?? (IAttachmentContent)files, postgres.Snapshots, postgres.Transfer, postgres.Home.Secret,
                $"PostgreSQL, {postgres.Description}", () =>
                {
                    s3?.Dispose();
                    return postgres.DisposeAsync();
                }) { Probes = postgres.Probes };
        }

        var directory = exclusive ? DataDirectory.Hold(options.DataDirectory) : DataDirectory.Open(options.DataDirectory);
        try
        {
            var s3 = S3Of(options, onFault);
            var sqlite = SqliteDatabase.Open(new SqliteOptions { Path = directory.Database, MaxBytes = options.MaxDatabaseBytes, OnFault = onFault });
            var files = new SqliteAttachmentStore(sqlite);
            return new ServerStorage(
                new SqliteBucketStore(sqlite), new SqliteBucketIndex(sqlite), new SqliteMaintenance(sqlite), new SqliteAccountStore(sqlite), new SqliteAdministratorStore(sqlite), new SqliteSessionStore(sqlite),
                new SqliteAssignmentStore(sqlite), new SqliteKeyedAccountStore(sqlite, limits), new SqliteLoginStore(sqlite),
                new SqliteQuotaStore(sqlite), new SqlitePushStore(sqlite), files, s3 ?? DirectoryOf(options) ?? (IAttachmentContent)files,
                new SqliteBucketSnapshots(sqlite), new SqliteAccountTransfer(sqlite), sqlite.Secret,
                $"SQLite, {directory.Database}", () =>
                {
                    s3?.Dispose();
                    sqlite.Dispose();
                    directory.Dispose();
                    return ValueTask.CompletedTask;
                }) { Probes = [new SqliteProbe(sqlite, $"SQLite, {directory.Database}", TimeProvider.System)] };
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    public ValueTask DisposeAsync() => close();

    /// <returns>What is in files, where the settings have a directory for that; else null.</returns>
    public static DirectoryContent? DirectoryOf(LockstepOptions options) =>
        options.Kinto.Attachments.Directory is { Length: > 0 } directory ? DirectoryContent.Open(directory) : null;

    /// <returns>What is in files, where the settings have a bucket of an object store for that; else null.</returns>
    /// <exception cref="SettingsException">The secret cannot be read.</exception>
    public static S3Content? S3Of(LockstepOptions options, Action<Exception> onFault)
    {
        if (options.Kinto.Attachments.S3 is not { IsOn: true } settings)
        {
            return null;
        }

        var location = new S3Location
        {
            Bucket = settings.Bucket!,
            Prefix = settings.Prefix,
            Endpoint = settings.Endpoint,
            PathStyle = settings.PathStyle ?? settings.Endpoint is not null,
            KeyId = settings.KeyId,
            Secret = settings.SecretFile is { } file ? SecretIn(file) : settings.Secret,
            Timeout = settings.Timeout,
            Tries = settings.Tries,
        };
        return new S3Content(settings.Region is { } region ? location with { Region = region } : location, onFault);
    }

    private static string SecretIn(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim() is { Length: > 0 } secret ? secret : throw new SettingsException($"Kinto:Attachments:S3:SecretFile '{file}' is empty.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"Kinto:Attachments:S3:SecretFile '{file}' cannot be read: {e.Message}");
        }
    }
}
