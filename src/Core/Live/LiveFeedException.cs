namespace Lockstep.Core.Live;

/// <summary>Nobody tells at the moment what happens in a bucket. Nothing is lost by it but time: whoever needs to know reads.</summary>
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
