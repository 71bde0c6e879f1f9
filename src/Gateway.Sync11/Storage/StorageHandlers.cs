namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>The handlers of all resources.</summary>
internal sealed class StorageHandlers(InfoHandlers info, CollectionHandlers collections, RecordHandlers records)
{
    public InfoHandlers Info => info;

    public CollectionHandlers Collections => collections;

    public RecordHandlers Records => records;
}
