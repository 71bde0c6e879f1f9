namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>All that the resources are served by.</summary>
internal sealed class StorageHandlers(InfoHandlers info, CollectionHandlers collections, RecordHandlers records)
{
    public InfoHandlers Info => info;

    public CollectionHandlers Collections => collections;

    public RecordHandlers Records => records;
}
