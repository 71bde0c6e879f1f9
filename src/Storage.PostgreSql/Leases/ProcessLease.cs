using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Lockstep.Core.Buckets;
using Lockstep.Storage.PostgreSql.Connections;
using Npgsql;
using NpgsqlTypes;

namespace Lockstep.Storage.PostgreSql.Leases;

/// <summary>
/// The lease under which this process answers reads from memory. Invariants:
/// <list type="number">
/// <item>A bucket's row names the process that answers for the bucket from memory. A process that commits to the bucket, or claims it,
/// writes its own name there and, in the same transaction, leaves a message for the process that was named before.</item>
/// <item>Each renewal collects the messages for this process. Heads that were held when a renewal began, and that no message took
/// away, were current at that moment. They may be used for <see cref="PostgresOptions.LeaseTime"/> from then on.</item>
/// <item>A renewal whose answer is lost may have collected messages that nobody read, or may still do so if it arrives late. It therefore
/// ends the lease and discards all heads. The process goes on under a new row, which the lost renewal does not touch.</item>
/// </list>
/// </summary>
internal sealed class ProcessLease : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private const string RenewStatement =
        """
        WITH renewed AS (UPDATE processes SET renewed = clock_timestamp() WHERE process = $1 RETURNING process),
             told AS (DELETE FROM takeovers WHERE process = $1 RETURNING bucket)
        SELECT (SELECT count(*) FROM renewed),
               (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
               ARRAY(SELECT b.id FROM told t CROSS JOIN LATERAL (SELECT id FROM buckets WHERE bucket = t.bucket OFFSET 0) b)
        """;

    private readonly LaneConnection connection;
    private readonly PostgresOptions options;
    private readonly TimeProvider time;
    private readonly Action<Exception> onFault;
    private readonly CancellationTokenSource stopping = new();
    private readonly string name;
    private ImmutableList<Action<BucketId>> listeners = [];
    private LeaseTerm? current;
    private long clockDifference;
    private long registered;
    private Task running = Task.CompletedTask;
    private TaskCompletionSource round = NewRound();

    public ProcessLease(NpgsqlDataSource source, PostgresOptions options, TimeProvider time, Action<Exception> onFault, Meter meter)
    {
        connection = new LaneConnection(source);
        this.options = options;
        this.time = time;
        this.onFault = onFault;
        name = $"{Environment.MachineName} {Environment.ProcessId}";
        meter.CreateObservableGauge("lockstep.lease.age", Age, "s", "Time since the last confirmed renewal of this process's lease was begun.");
        meter.CreateObservableGauge(
            "lockstep.clock.difference", () => Volatile.Read(ref clockDifference) / 1000.0, "s", "The database's wall clock less this process's; positive when the database is ahead.");
    }

    /// <summary>The term under which reads and commits that begin now may be remembered.</summary>
    public LeaseTerm Current => Volatile.Read(ref current) ?? throw new InvalidOperationException("The lease was not begun.");

    /// <summary>The last row of this process, even while it is not valid. Rows that belong to it stay for an hour.</summary>
    public long Registered => Volatile.Read(ref registered);

    /// <summary>Whether this process reaches the database, and their clocks agree.</summary>
    public bool IsHealthy =>
        IsConfirmed(Current) && TimeSpan.FromMilliseconds(Math.Abs(Volatile.Read(ref clockDifference))) <= options.MaxClockDifference;

    /// <summary>Whether the database has answered within <see cref="PostgresOptions.LeaseTime"/>.</summary>
    public bool IsHeld => IsConfirmed(Current);

    public bool IsCurrent(long term) => Volatile.Read(ref current) is { } lease && lease.Term == term && IsConfirmed(lease);

    /// <summary>Ends with the renewal, or the attempt at one, that is running; otherwise with the next one. Tests wait for it.</summary>
    internal Task Round => Volatile.Read(ref round).Task;

    /// <summary>See <see cref="Core.Storage.IBucketStore.OnTakenOver"/>.</summary>
    public void OnTakenOver(Action<BucketId> listener) => ImmutableInterlocked.Update(ref listeners, static (all, one) => all.Add(one), listener);

    /// <summary>Registers this process and renews from then on.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await RegisterAsync(cancellationToken);
        running = RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        try
        {
            var open = await connection.OpenAsync(CancellationToken.None);
            await using var command = new NpgsqlCommand(
                """
                WITH gone AS (DELETE FROM processes WHERE process = $1), told AS (DELETE FROM takeovers WHERE process = $1)
                DELETE FROM writers WHERE process = $1
                """, open);
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = Registered });
            await command.ExecuteNonQueryAsync();
        }
        catch (Exception e) when (PostgresFaults.IsOfTheDatabase(e))
        {
            // Others remove the row in an hour.
        }

        await connection.DisposeAsync();
        stopping.Dispose();
    }

    /// <summary>The age of the lease. There is nothing to measure before the first registration.</summary>
    private IEnumerable<Measurement<double>> Age() =>
        Volatile.Read(ref current) is { } lease ? [new Measurement<double>(time.GetElapsedTime(lease.Confirmed).TotalSeconds)] : [];

    private bool IsConfirmed(LeaseTerm lease)
    {
        var asleep = time.GetUtcNow() - lease.ConfirmedAt;
        return lease.Process != 0 && time.GetElapsedTime(lease.Confirmed) <= options.LeaseTime && asleep.Duration() <= options.LeaseTime + Interval;
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stopping.Token);
                await (Current.Process == 0 ? RegisterAsync(stopping.Token) : RenewAsync(stopping.Token));
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                var lost = Current;
                Volatile.Write(ref current, lost with { Process = 0, Term = lost.Term + 1 });
                await connection.DropAsync();
                onFault(e);
            }
            finally
            {
                Interlocked.Exchange(ref round, NewRound()).SetResult();
            }
        }
    }

    private static TaskCompletionSource NewRound() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        var lease = Current;
        var (begun, begunAt) = (time.GetTimestamp(), time.GetUtcNow());
        string[]? takenOver = null;
        await using (var command = new NpgsqlCommand(RenewStatement, await connection.OpenAsync(cancellationToken)) { CommandTimeout = CommandSeconds() })
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = lease.Process });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            if (reader.GetInt64(0) > 0)
            {
                takenOver = reader.GetFieldValue<string[]>(2);
                Measure(reader.GetInt64(1), begun, begunAt);
            }

            await FinishAsync(reader, cancellationToken);
        }

        if (takenOver is null)
        {
            // This process was away for so long that the others have forgotten it.
            await RegisterAsync(cancellationToken);
            return;
        }

        foreach (var bucket in takenOver.Distinct(StringComparer.Ordinal))
        {
            var id = BucketId.Parse(bucket);
            listeners.ForEach(listener => listener(id));
        }

        Volatile.Write(ref current, lease with { Confirmed = begun, ConfirmedAt = begunAt });
    }

    private async Task RegisterAsync(CancellationToken cancellationToken)
    {
        var (begun, begunAt) = (time.GetTimestamp(), time.GetUtcNow());
        await using var command = new NpgsqlCommand(
            "INSERT INTO processes (name) VALUES ($1) RETURNING process, (extract(epoch FROM clock_timestamp()) * 1000)::bigint",
            await connection.OpenAsync(cancellationToken));
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name, NpgsqlDbType = NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var process = reader.GetInt64(0);
        Measure(reader.GetInt64(1), begun, begunAt);
        await FinishAsync(reader, cancellationToken);
        Volatile.Write(ref registered, process);
        Volatile.Write(ref current, new LeaseTerm(process, (Volatile.Read(ref current)?.Term ?? 0) + 1, begun, begunAt));
    }

    /// <summary>Reads to the end, since only after the last result has the server said that the transaction is committed.</summary>
    private static async Task FinishAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        while (await reader.NextResultAsync(cancellationToken))
        {
        }
    }

    private void Measure(long databaseTime, long begun, DateTimeOffset begunAt)
    {
        var took = time.GetElapsedTime(begun);
        if (took < Interval)
        {
            Volatile.Write(ref clockDifference, databaseTime - (begunAt + (took / 2)).ToUnixTimeMilliseconds());
        }
    }

    private int CommandSeconds() => Math.Max(1, (int)options.LeaseTime.TotalSeconds);
}
