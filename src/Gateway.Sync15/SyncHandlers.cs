namespace Lockstep.Gateway.Sync15;

/// <summary>The handlers of all resources.</summary>
internal sealed class SyncHandlers(InfoHandlers info, CollectionHandlers collections, RecordHandlers records)
{
    public InfoHandlers Info => info;

    public CollectionHandlers Collections => collections;

    public RecordHandlers Records => records;
}
