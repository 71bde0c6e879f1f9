namespace Lockstep.Import.ServerFull;

/// <summary>A file or a database of an old installation cannot be read. The message says why, and what to do; it has no password in it.</summary>
public sealed class ServerFullException : Exception
{
    public ServerFullException()
    {
    }

    public ServerFullException(string message)
        : base(message)
    {
    }

    public ServerFullException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
