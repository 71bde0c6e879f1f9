namespace Lockstep.Core.Storage;

/// <summary>The store cannot answer a read now (down, locked, out of room). Nothing was written; a retry may help.</summary>
public sealed class StoreUnavailableException : Exception
{
    public StoreUnavailableException()
    {
    }

    public StoreUnavailableException(string message)
        : base(message)
    {
    }

    public StoreUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
