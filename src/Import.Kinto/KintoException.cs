namespace Lockstep.Import.Kinto;

/// <summary>A Kinto server's data cannot be read, or was not imported as it is there. The message says why and what to do. It contains no password.</summary>
public sealed class KintoException : Exception
{
    public KintoException()
    {
    }

    public KintoException(string message)
        : base(message)
    {
    }

    public KintoException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
