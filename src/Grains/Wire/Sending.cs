using Lockstep.Core.Buckets;

namespace Lockstep.Grains.Wire;

/// <summary>
/// One attempt to have a request executed. Orleans sends what was under way once more when a connection breaks, though the other
/// side may have read and executed it. Harmless for reads; a write ends here, and its caller learns that it is not known.
/// </summary>
internal sealed class Sending(BucketRequest request)
{
    private int times;

    public BucketRequest Request { get; } = request;

    /// <summary>Whether it has begun to leave this process.</summary>
    public bool HasBegun => Volatile.Read(ref times) > 0;

    /// <summary>What was sent came back unread.</summary>
    public void BeginAnew() => Volatile.Write(ref times, 0);

    /// <summary>It is about to be written to a connection.</summary>
    /// <exception cref="SentTwiceException">It is a write, and was written to one before.</exception>
    public void Begin()
    {
        if (Interlocked.Increment(ref times) > 1 && !Request.IsReadOnly)
        {
            throw new SentTwiceException();
        }
    }
}
