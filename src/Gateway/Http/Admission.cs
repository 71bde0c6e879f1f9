namespace Lockstep.Gateway.Http;

/// <summary>Decides, before a body is read, whether there is room for it. What is taken is given back when disposed.</summary>
internal sealed class Admission(HttpOptions options)
{
    private int requests;
    private long bytes;
    private long answerBytes;

    /// <param name="length">The body's announced length; null when it announces none.</param>
    /// <returns>Null when the server is full.</returns>
    public Ticket? TryEnter(long? length)
    {
        if (Interlocked.Read(ref answerBytes) > options.MaxAnswerBytes)
        {
            return null;
        }

        var size = length ?? options.MaxRequestBytes;
        if (Interlocked.Increment(ref requests) > options.MaxConcurrentRequests)
        {
            Leave(0);
            return null;
        }

        if (Interlocked.Add(ref bytes, size) > options.MaxBufferedBytes)
        {
            Leave(size);
            return null;
        }

        return new Ticket(this, size);
    }

    /// <summary>Counts an answer that is on its way to its client (or, negative, has arrived).</summary>
    public void CountAnswer(long size) => Interlocked.Add(ref answerBytes, size);

    private void Leave(long size)
    {
        Interlocked.Add(ref bytes, -size);
        Interlocked.Decrement(ref requests);
    }

    public readonly struct Ticket(Admission admission, long size) : IDisposable
    {
        public void Dispose() => admission.Leave(size);
    }
}
