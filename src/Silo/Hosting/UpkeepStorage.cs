using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.Sqlite;
using Lockstep.Storage.Upkeep;

namespace Lockstep.Silo.Hosting;

/// <summary>All databases of the settings, for commands that go through them: the home database first.</summary>
internal sealed class UpkeepStorage : IAsyncDisposable
{
    private readonly DataDirectory? directory;
    private readonly IAsyncDisposable? held;

    private UpkeepStorage(IReadOnlyList<UpkeepDatabase> databases, DataDirectory? directory, IAsyncDisposable? held = null)
    {
        Databases = databases;
        this.directory = directory;
        this.held = held;
    }

    public IReadOnlyList<UpkeepDatabase> Databases { get; }

    /// <param name="options">Checked settings.</param>
    /// <param name="exclusive">Whether a SQLite file must not be in use by a server meanwhile, and databases of PostgreSQL by another command that changes all of them.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="SettingsException">There is no database, or it is in use.</exception>
    public static async Task<UpkeepStorage> OpenAsync(LockstepOptions options, bool exclusive, CancellationToken cancellationToken)
    {
        if (options.Postgres.Connection is { Length: > 0 })
        {
            var alone = exclusive ? OnlyOne.Of(await PostgresUpkeep.TryLockAsync(options.Postgres, cancellationToken)) : null;
            try
            {
                var opened = await PostgresUpkeep.OpenAsync(options.Postgres, cancellationToken);
                return new UpkeepStorage(
                    [.. opened.Select(static (one, i) => new UpkeepDatabase(one.Setting, UpkeepDialect.Postgres, one.Connection, isHome: i == 0, one.Source))], directory: null, alone);
            }
            catch
            {
                await (alone?.DisposeAsync() ?? ValueTask.CompletedTask);
                throw;
            }
        }

        if (!DataDirectory.HasDatabase(options.DataDirectory))
        {
            throw new SettingsException($"There is no database in '{Path.GetFullPath(options.DataDirectory)}'. Name the directory with --data-directory.");
        }

        var data = exclusive ? DataDirectory.Hold(options.DataDirectory) : DataDirectory.Open(options.DataDirectory);
        try
        {
            var connection = SqliteDatabase.OpenConnection(new SqliteOptions { Path = data.Database });
            return new UpkeepStorage([new UpkeepDatabase(data.Database, UpkeepDialect.Sqlite, connection, isHome: true)], data);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in Databases)
        {
            await database.DisposeAsync();
        }

        await (held?.DisposeAsync() ?? ValueTask.CompletedTask);
        directory?.Dispose();
    }
}
