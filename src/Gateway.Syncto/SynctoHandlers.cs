namespace Lockstep.Gateway.Syncto;

/// <summary>All that the resources are served by.</summary>
internal sealed class SynctoHandlers(RecordHandlers records, UtilityViews utilities, SynctoBatch batch)
{
    public RecordHandlers Records => records;

    public UtilityViews Utilities => utilities;

    public SynctoBatch Batch => batch;
}
