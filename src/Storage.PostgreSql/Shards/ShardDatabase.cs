using System.Collections.Immutable;
using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;

namespace Lockstep.Storage.PostgreSql.Shards;

/// <summary>One of the further databases, in use from the start or as soon as it can be reached.</summary>
internal sealed class ShardDatabase : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private ImmutableList<Action<BucketId>> listeners = [];
    private PostgresDatabase? database;

    public ShardDatabase(PostgresDatabase database)
    {
        this.database = database;
        Description = database.Description;
        Opening = Task.CompletedTask;
    }

    /// <param name="setting">The setting that names it.</param>
    /// <param name="open">Opens it, and checks that it is the right one. Called again until that succeeds.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onFault">Receives the reason why it could not be opened.</param>
    public ShardDatabase(string setting, Func<CancellationToken, Task<PostgresDatabase>> open, TimeProvider time, Action<Exception> onFault)
    {
        Description = $"{setting} (away)";
        Opening = OpenAsync(open, time, onFault);
    }

    /// <summary>Server and database, without secrets; as it was at the start.</summary>
    public string Description { get; }

    /// <summary>Ends once it is in use.</summary>
    public Task Opening { get; }

    /// <summary>Whether it has not answered lately.</summary>
    public bool IsSuspect => Find() is not { Lease.IsHeld: true };

    /// <summary>Null until it could be opened.</summary>
    public PostgresDatabase? Find() => Volatile.Read(ref database);

    /// <exception cref="StoreUnavailableException">It could not be opened yet.</exception>
    public PostgresDatabase Get() => Find() ?? throw new StoreUnavailableException("The database was away when this program started, and is so still.");

    /// <summary>See <see cref="IBucketStore.OnTakenOver"/>.</summary>
    public void OnTakenOver(Action<BucketId> listener)
    {
        lock (gate)
        {
            listeners = listeners.Add(listener);
            database?.Lease.OnTakenOver(listener);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Opening;
        if (database is not null)
        {
            await database.DisposeAsync();
        }

        stopping.Dispose();
    }

    private async Task OpenAsync(Func<CancellationToken, Task<PostgresDatabase>> open, TimeProvider time, Action<Exception> onFault)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                try
                {
                    var opened = await open(stopping.Token);
                    lock (gate)
                    {
                        // The listeners are added before it is used, so that they hear of the first takeover.
                        listeners.ForEach(opened.Lease.OnTakenOver);
                        Volatile.Write(ref database, opened);
                    }

                    return;
                }
                catch (Exception e) when (!stopping.IsCancellationRequested)
                {
                    Report(e);
                }

                await Task.Delay(Pause, time, stopping.Token);
            }
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // The program ends.
        }

        void Report(Exception fault)
        {
            try
            {
                onFault(fault);
            }
            catch (Exception)
            {
                // A listener that fails must not end the tries.
            }
        }
    }
}
