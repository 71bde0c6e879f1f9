namespace Lockstep.Import.Kinto;

/// <summary>What a Kinto keeps cannot be read, or did not come over as it is there. The message says why, and what to do; it has no password in it.</summary>
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
