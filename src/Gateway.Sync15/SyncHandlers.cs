namespace Lockstep.Gateway.Sync15;

/// <summary>All that the resources are served by.</summary>
internal sealed class SyncHandlers(InfoHandlers info, CollectionHandlers collections, RecordHandlers records)
{
    public InfoHandlers Info => info;

    public CollectionHandlers Collections => collections;

    public RecordHandlers Records => records;
}
