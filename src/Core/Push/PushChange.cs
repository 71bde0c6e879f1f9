namespace Lockstep.Core.Push;

/// <summary>The outcome of storing a subscription.</summary>
public enum PushChange
{
    /// <summary>It is stored.</summary>
    Done,

    /// <summary>It has changed since it was read; nothing was changed.</summary>
    ReadAgain,

    /// <summary>The owner has as many as they may have; nothing was changed.</summary>
    Full,
}
