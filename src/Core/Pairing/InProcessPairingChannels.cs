namespace Lockstep.Core.Pairing;

/// <summary>The channels of one process. One that has ended by its age is gone with the next request for it, or with the next one that is opened.</summary>
public sealed class InProcessPairingChannels(PairingLimits limits, TimeProvider time) : IPairingChannels
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, PairingChannel> open = new(StringComparer.Ordinal);

    /// <summary>Open ones.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return open.Count;
            }
        }
    }

    public ValueTask<PairingReply> OpenAsync(string channel, string device, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            foreach (var (old, _) in open.Where(one => IsOver(one.Value)).ToList())
            {
                open.Remove(old);
            }

            if (open.ContainsKey(channel))
            {
                return ValueTask.FromResult(new PairingReply(PairingStatus.Taken));
            }

            if (open.Count >= limits.MaxChannels)
            {
                return ValueTask.FromResult(new PairingReply(PairingStatus.Full));
            }

            open.Add(channel, new PairingChannel(device, time.GetTimestamp()));
            return ValueTask.FromResult(new PairingReply(PairingStatus.Done));
        }
    }

    public ValueTask<PairingReply> ReadAsync(string channel, string device, IReadOnlyList<string> known, CancellationToken cancellationToken) => Execute(channel, device, found =>
    {
        var reply = found.Read(known);
        if (found.Reads == limits.MaxMessages)
        {
            open.Remove(channel);
        }

        return reply;
    });

    public ValueTask<PairingReply> WriteAsync(
        string channel, string device, ReadOnlyMemory<byte> message, IReadOnlyList<string>? over, IReadOnlyList<string>? notOver, CancellationToken cancellationToken) =>
        Execute(channel, device, found => found.Write(message, over, notOver, limits.MaxMessages, time.GetTimestamp()));

    public ValueTask<PairingReply> CloseAsync(string channel, string device, CancellationToken cancellationToken) => Execute(channel, device, _ =>
    {
        open.Remove(channel);
        return new PairingReply(PairingStatus.Done);
    });

    /// <summary>Whether there is such a channel.</summary>
    public bool IsOpen(string channel)
    {
        lock (gate)
        {
            return Find(channel) is not null;
        }
    }

    /// <summary>Ends a channel, whoever has it.</summary>
    public void Drop(string channel)
    {
        lock (gate)
        {
            open.Remove(channel);
        }
    }

    private ValueTask<PairingReply> Execute(string channel, string device, Func<PairingChannel, PairingReply> execute)
    {
        lock (gate)
        {
            if (Find(channel) is not { } found)
            {
                return ValueTask.FromResult(new PairingReply(PairingStatus.Missing));
            }

            if (!found.Admits(device))
            {
                open.Remove(channel);
                return ValueTask.FromResult(new PairingReply(PairingStatus.Foreign));
            }

            return ValueTask.FromResult(execute(found));
        }
    }

    private PairingChannel? Find(string channel)
    {
        if (open.TryGetValue(channel, out var found) && IsOver(found))
        {
            open.Remove(channel);
            return null;
        }

        return found;
    }

    private bool IsOver(PairingChannel channel) => time.GetElapsedTime(channel.Touched) >= limits.Lifetime;
}
