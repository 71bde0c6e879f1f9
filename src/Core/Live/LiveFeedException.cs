namespace Lockstep.Core.Live;

/// <summary>Changes of a bucket cannot be reported at the moment. This only costs time: a client that needs to know reads.</summary>
public sealed class LiveFeedException : Exception
{
    public LiveFeedException()
    {
    }

    public LiveFeedException(string message)
        : base(message)
    {
    }

    public LiveFeedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
