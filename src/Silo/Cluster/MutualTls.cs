using Lockstep.Silo.Hosting;
using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;

namespace Lockstep.Silo.Cluster;

/// <summary>
/// Both sides of a connection between members show a certificate that the cluster's own authority signed. Names and
/// addresses are not compared: being a member is all that counts, and addresses come and go.
/// </summary>
internal sealed class MutualTls
{
    private readonly X509Certificate2 certificate;
    private readonly X509Certificate2Collection chain = [];
    private readonly X509Certificate2Collection authority = [];

    /// <exception cref="SettingsException">The files are not a certificate, its key, and the authority that signed it.</exception>
    public MutualTls(ClusterTls files)
    {
        try
        {
            certificate = X509Certificate2.CreateFromPemFile(files.Certificate!, files.Key);
            chain.ImportFromPemFile(files.Certificate!);
            authority.ImportFromPemFile(files.Authority!);
        }
        catch (Exception e) when (e is System.Security.Cryptography.CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"Cluster:Tls cannot be used: {e.Message} Certificate, key and authority are PEM files; the key belongs to the certificate and has no password.");
        }

        if (authority.Count == 0)
        {
            throw new SettingsException("Cluster:Tls:Authority holds no certificate.");
        }

        if (!IsOfTheCluster(certificate, given: chain))
        {
            throw new SettingsException("Cluster:Tls:Certificate was not signed by Cluster:Tls:Authority, or is not valid now.");
        }
    }

    public void Configure(TlsOptions options)
    {
        options.LocalCertificate = certificate;
        options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.RemoteCertificateValidation = (remote, given, _) => IsOfTheCluster(remote, given?.ChainPolicy.ExtraStore ?? []);

        // The handshake needs a name, which means nothing.
        options.OnAuthenticateAsClient = static (_, client) => client.TargetHost = "lockstep";
    }

    private bool IsOfTheCluster(X509Certificate2 remote, X509Certificate2Collection given)
    {
        using var check = new X509Chain();
        check.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        check.ChainPolicy.CustomTrustStore.AddRange(authority);
        check.ChainPolicy.ExtraStore.AddRange(given);
        check.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        check.ChainPolicy.DisableCertificateDownloads = true;
        return check.Build(remote);
    }
}
