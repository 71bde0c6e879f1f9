using System.Diagnostics;
using System.Diagnostics.Metrics;
using Lockstep.Core.Metering;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Console.Administration.Figures;

/// <summary>
/// Listens to the measurements of this process and keeps those of the last <see cref="Steps"/> steps of <see cref="Step"/>. Invariants:
/// <list type="number">
/// <item>A request is counted when it ends, without a lock and without memory. All else is read once a step.</item>
/// <item>What is kept has a fixed size, whatever the load: some 50 KB.</item>
/// <item>Only the instruments of <see cref="Others"/> and the duration of requests are listened to: others cost no more than before.</item>
/// </list>
/// </summary>
public sealed class LiveFigures : IHostedService, IDisposable
{
    /// <summary>The number of steps that are kept: ten minutes.</summary>
    public const int Steps = 120;

    private const string RequestDuration = "http.server.request.duration";
    private const string StatusTag = "http.response.status_code";
    private const string Orleans = "Microsoft.Orleans";
    private const int StepsInAMinute = 12;

    // In the order of the values of a step.
    private static readonly Figure[] Others =
    [
        new("queue", LockstepMeter.Name, "lockstep.queue.operations"),
        new("queueBytes", LockstepMeter.Name, "lockstep.queue.size"),
        new("heads", LockstepMeter.Name, "lockstep.owner.count"),
        new("leaseAge", LockstepMeter.Name, "lockstep.lease.age", IsWorst: true),
        new("clockDifference", LockstepMeter.Name, "lockstep.clock.difference", IsWorst: true),
        new("streams", LockstepMeter.Name, "lockstep.live.streams"),
        new("storeFaults", LockstepMeter.Name, "lockstep.store.faults", IsTotal: true),
        new("ownerRefusals", LockstepMeter.Name, "lockstep.refusals", IsTotal: true),
        new("activations", Orleans, "orleans-catalog-activations"),
    ];

    private readonly RequestTally requests = new();
    private readonly MeterListener listener = new();
    private readonly IMeterFactory? meters;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly Queue<FigureStep> kept = new(Steps);
    private readonly double?[] totals = new double?[Others.Length];
    private readonly double?[] read = new double?[Others.Length];
    private readonly long since;
    private ITimer? timer;
    private long begun;

    /// <param name="time">The clock.</param>
    /// <param name="meters">Makes the meters of this server's HTTP; null to count the requests of all servers in this process.</param>
    public LiveFigures(TimeProvider time, IMeterFactory? meters = null)
    {
        (this.time, this.meters) = (time, meters);
        using var process = Process.GetCurrentProcess();
        since = new DateTimeOffset(process.StartTime.ToUniversalTime()).ToUnixTimeMilliseconds();
        listener.InstrumentPublished = Listen;
        listener.SetMeasurementEventCallback<double>(Measured);
        listener.SetMeasurementEventCallback<long>((_, value, _, figure) => Add(figure, value));
        listener.SetMeasurementEventCallback<int>((_, value, _, figure) => Add(figure, value));
    }

    /// <summary>How long a step lasts.</summary>
    public static TimeSpan Step { get; } = TimeSpan.FromSeconds(5);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        begun = time.GetTimestamp();
        listener.Start();
        timer = time.CreateTimer(_ => EndStep(), state: null, Step, Step);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        timer?.Dispose();
        listener.Dispose();
    }

    /// <summary>What is kept at this moment.</summary>
    public FigureReport Read()
    {
        FigureStep[] steps;
        lock (gate)
        {
            steps = [.. kept];
        }

        var series = new Dictionary<string, IReadOnlyList<double?>>(StringComparer.Ordinal)
        {
            ["requests"] = [.. steps.Select(static step => (double?)Rate(step.Requests.Durations.Total, step.Seconds))],
            ["errors"] = [.. steps.Select(static step => (double?)Rate(step.Requests.Errors, step.Seconds))],
            ["refusals"] = [.. steps.Select(static step => (double?)Rate(step.Requests.Refusals, step.Seconds))],
            ["p50"] = [.. steps.Select(static step => step.Requests.Durations.Percentile(0.5))],
            ["p99"] = [.. steps.Select(static step => step.Requests.Durations.Percentile(0.99))],
        };
        for (var i = 0; i < Others.Length; i++)
        {
            var place = i;
            series.Add(Others[i].Name, [.. steps.Select(step => step.Values[place])]);
        }

        return new($"{Environment.MachineName}:{Environment.ProcessId}", ServerVersion.Version, since, [.. steps.Select(static step => step.At)], series, Summary(steps.TakeLast(StepsInAMinute).ToList()));
    }

    private static double Rate(long count, double seconds) => seconds > 0 ? Math.Round(count / seconds, 2) : 0;

    private static FigureSummary Summary(List<FigureStep> steps)
    {
        var durations = DurationCounts.Sum(steps.Select(static step => step.Requests.Durations));
        return new(
            steps.Sum(static step => step.Seconds), durations.Total, steps.Sum(static step => step.Requests.Errors), steps.Sum(static step => step.Requests.Refusals),
            durations.Percentile(0.5), durations.Percentile(0.99));
    }

    private void Listen(Instrument instrument, MeterListener listening)
    {
        if (instrument.Name is RequestDuration)
        {
            if (meters is null || ReferenceEquals(instrument.Meter.Scope, meters))
            {
                listening.EnableMeasurementEvents(instrument);
            }

            return;
        }

        var place = Array.FindIndex(Others, figure => figure.Instrument == instrument.Name && figure.Meter == instrument.Meter.Name);
        if (place >= 0 && instrument.IsObservable)
        {
            listening.EnableMeasurementEvents(instrument, place);
        }
    }

    private void Measured(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? figure)
    {
        if (figure is not null)
        {
            Add(figure, value);
            return;
        }

        foreach (ref readonly var tag in tags)
        {
            if (tag is { Key: StatusTag, Value: int status })
            {
                requests.Add(status, value);
                return;
            }
        }
    }

    /// <summary>Only within <see cref="EndStep"/>, on its thread: it asks the instruments.</summary>
    private void Add(object? figure, double value)
    {
        if (figure is int place)
        {
            read[place] = read[place] is not { } before ? value : Others[place].IsWorst ? (Math.Abs(value) > Math.Abs(before) ? value : before) : before + value;
        }
    }

    private void EndStep()
    {
        lock (gate)
        {
            Array.Clear(read);
            try
            {
                listener.RecordObservableInstruments();
            }
            catch (AggregateException)
            {
                // An instrument that fails has no value in this step.
            }

            var values = new double?[Others.Length];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = Others[i].IsTotal ? read[i] - totals[i] : read[i];
                totals[i] = read[i];
            }

            if (kept.Count == Steps)
            {
                kept.Dequeue();
            }

            var now = time.GetTimestamp();
            kept.Enqueue(new(time.GetUtcNow().ToUnixTimeMilliseconds(), time.GetElapsedTime(begun, now).TotalSeconds, requests.Take(), values));
            begun = now;
        }
    }
}
