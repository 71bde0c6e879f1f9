namespace Lockstep.Core.Storage;

/// <summary>The store cannot answer a read now (gone, locked, out of room). Nothing was written; asking again may help.</summary>
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
