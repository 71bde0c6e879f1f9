namespace Lockstep.Storage.Sqlite.Accounts;

/// <summary>What a lock is where there is nobody to keep out.</summary>
internal sealed class NothingHeld : IAsyncDisposable
{
    public static readonly NothingHeld Instance = new();

    private NothingHeld()
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
