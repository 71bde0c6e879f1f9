namespace Lockstep.Gateway.Accounts;

/// <summary>Mails to people with accounts, by the mail server of the settings: how protocols that know nothing of each other send them.</summary>
public interface IAccountMail
{
    /// <summary>Whether mails leave at all.</summary>
    bool IsOn { get; }

    /// <summary>Puts a mail into the queue, and waits for nothing; does nothing where no mails leave.</summary>
    /// <param name="to">The address.</param>
    /// <param name="subject">In one line.</param>
    /// <param name="body">In plain text.</param>
    void TrySend(string to, string subject, string body);
}
