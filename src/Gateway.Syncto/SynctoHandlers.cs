namespace Lockstep.Gateway.Syncto;

/// <summary>The handlers of all resources.</summary>
internal sealed class SynctoHandlers(RecordHandlers records, UtilityViews utilities, SynctoBatch batch)
{
    public RecordHandlers Records => records;

    public UtilityViews Utilities => utilities;

    public SynctoBatch Batch => batch;
}
