using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Lockstep.Storage.Contract;

/// <summary>Writes down what one meter measures, and nothing of others with its name. Keys are <c>name{tag=value,…}</c>.</summary>
public sealed class MeasurementLog : IDisposable
{
    private readonly ConcurrentDictionary<string, (long Count, double Sum, double Last)> measured = new(StringComparer.Ordinal);
    private readonly MeterListener listener = new();

    public MeasurementLog(Meter meter)
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (ReferenceEquals(instrument.Meter, meter))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();
    }

    public IReadOnlyCollection<string> Keys => (IReadOnlyCollection<string>)measured.Keys;

    /// <summary>How often it was measured.</summary>
    public long Count(string key) => measured.GetValueOrDefault(key).Count;

    /// <summary>Of all that was measured: a counter's value.</summary>
    public double Sum(string key) => measured.GetValueOrDefault(key).Sum;

    /// <summary>Asks an observable instrument; NaN when it says nothing.</summary>
    public double Observe(string key)
    {
        measured.TryRemove(key, out _);
        listener.RecordObservableInstruments();
        return measured.TryGetValue(key, out var value) ? value.Last : double.NaN;
    }

    public void Dispose() => listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = $"{instrument.Name}{(tags.Length == 0 ? "" : $"{{{string.Join(',', tags.ToArray().Select(static tag => $"{tag.Key}={tag.Value}"))}}}")}";
        measured.AddOrUpdate(key, _ => (1, value, value), (_, old) => (old.Count + 1, old.Sum + value, value));
    }
}
