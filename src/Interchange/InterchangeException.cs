namespace Lockstep.Interchange;

/// <summary>A file of the format cannot be written, read or taken over. The message says why and what to do, and has no content of users in it.</summary>
public sealed class InterchangeException : Exception
{
    public InterchangeException()
    {
    }

    public InterchangeException(string message)
        : base(message)
    {
    }

    public InterchangeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
